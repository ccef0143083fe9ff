"""Months: reading days that are written without a year, in the languages exports come in.

``May 28``, ``28 de mayo``, ``18 tháng Sáu``, ``5月28日``: a day of the month and a month's name, or three or
more of its first letters, and perhaps a year (``May 28, 2025``). A name may mean one month here and another
there (``listopad``), so a text has a reading per language; which language a file is in is decided over all its
days. Which year is meant is ``yearless.py``'s part.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain

MonthDay = tuple[int, int]

# Names as they stand beside a day, which in many languages is the genitive; "|" parts what both occur.
_NAMES: Mapping[str, str] = {
    "English": "january february march april may june july august september october november december",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto"
    " septiembre|setiembre octubre noviembre diciembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "German": "januar|jänner februar|feber märz april mai juni juli august september oktober november dezember",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Dutch": "januari februari maart|mrt april mei juni juli augustus september oktober november december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november december",
    "Danish": "januar februar marts april maj juni juli august september oktober november december",
    "Norwegian": "januar februar mars april mai juni juli august september oktober november desember",
    "Finnish": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta"
    " lokakuuta marraskuuta joulukuuta",
    "Indonesian": "januari februari maret april mei juni juli agustus|agt|ags"
    " september oktober november desember",
    "Malay": "januari februari mac april mei jun julai ogos september oktober november disember",
    "Filipino": "enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre",
    "Vietnamese": "một hai ba tư năm sáu bảy tám chín mười mười_một mười_hai",
    "Greek": "ιανουαρίου|ιανουάριος φεβρουαρίου|φεβρουάριος μαρτίου|μάρτιος απριλίου|απρίλιος μαΐου|μάιος"
    " ιουνίου|ιούνιος ιουλίου|ιούλιος αυγούστου|αύγουστος σεπτεμβρίου|σεπτέμβριος οκτωβρίου|οκτώβριος"
    " νοεμβρίου|νοέμβριος δεκεμβρίου|δεκέμβριος",
    "Turkish": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",  # noqa: RUF001
    "Polish": "stycznia|styczeń lutego|luty marca|marzec kwietnia|kwiecień maja|maj czerwca|czerwiec"
    " lipca|lipiec sierpnia|sierpień września|wrzesień października|październik listopada|listopad"
    " grudnia|grudzień",
    "Czech": "ledna|leden února|únor března|březen dubna|duben května|květen června|červen července|červenec"
    " srpna|srpen září října|říjen listopadu|listopad prosince|prosinec",
    "Romanian": "ianuarie februarie martie aprilie mai iunie iulie august"
    " septembrie octombrie noiembrie decembrie",
    "Hungarian": "január február március április május június július augusztus"
    " szeptember október"
    " november december",
    "Russian": "января|январь февраля|февраль марта|март апреля|апрель мая|май июня|июнь июля|июль"
    " августа|август сентября|сентябрь октября|октябрь ноября|ноябрь декабря|декабрь",
    "Ukrainian": "січня|січень лютого|лютий березня|березень квітня|квітень травня|травень червня|червень"
    " липня|липень серпня|серпень вересня|вересень жовтня|жовтень листопада|листопад грудня|грудень",
    "Arabic": "يناير فبراير مارس أبريل|إبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "Thai": "มกราคม|ม.ค. กุมภาพันธ์|ก.พ. มีนาคม|มี.ค. เมษายน|เม.ย. พฤษภาคม|พ.ค. มิถุนายน|มิ.ย. กรกฎาคม|ก.ค. สิงหาคม|ส.ค."
    " กันยายน|ก.ย. ตุลาคม|ต.ค. พฤศจิกายน|พ.ย. ธันวาคม|ธ.ค.",
    "Hindi": "जनवरी फ़रवरी|फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर|अक्तूबर नवंबर दिसंबर",
}
_NUMBERED = "numbers"  # 5月28日, 5월 28일, 28 tháng 5, 28 thg 5

_SHORTEST = 3  # letters of a shortened name
_NEVER_SHORTENED = frozenset({"Finnish"})  # its "mar" would be November, everywhere else it is March
LONGEST_DAY = 60  # characters of a day; more is no day
_FILLERS = frozenset({"de", "del", "tháng", "thg", "ngày", "den"})
_PIECE = re.compile(r"[0-9]+|[^\W\d_][^\s,0-9]*")
_ORDINAL = re.compile(r"(?<=[0-9])(?:er|º|°|ª|st|nd|rd|th)\b")
_NOT_OF_DAYS = re.compile(r"[-/:_+]")  # 28-May is what spreadsheets make of May 28
_EAST_ASIAN = re.compile(r"([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일號号]?")
_VIETNAMESE = re.compile(r"([0-9]{1,2})\s*(?:tháng|thg)\s*([0-9]{1,2})")
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])[年년]?")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=4096)
def readings(text: str) -> Mapping[str, MonthDay]:
    """What day the text means, for each language in which it means one; its year, if it has one, apart."""
    return _readings(_YEAR.sub("", text, count=1)) if len(text) <= LONGEST_DAY else {}


def year_of(text: str) -> int | None:
    """The year that a day is written with. None has been seen so far, but nothing keeps the source from it."""
    found = _YEAR.search(text)
    return int(found[0][:4]) if found else None


def may_be_a_day(text: str) -> bool:
    """Whether the text could be a day of the month with a month's name, in whatever language."""
    if len(text) > LONGEST_DAY:
        return False
    if readings(text):
        return True
    plain = _plain(_YEAR.sub("", text, count=1))
    day, name = _parted(plain)
    is_foreign = bool(name) and not _months(name) and not _NOT_OF_DAYS.search(plain)
    return is_foreign and day is not None and 1 <= day <= 31


def language_of(texts: Iterable[str]) -> str | None:
    """The language that reads most of these days, if it reads at least half of them.

    Of languages that read the same days alike any will do. When two read as many but differently, none can be
    told.
    """
    read = list(map(readings, set(texts)))
    counts = Counter(chain.from_iterable(read))
    scores = {language: counts[language] for language in (*_NAMES, _NUMBERED)}
    best = max(scores.values(), default=0)
    if best * 2 < len(read) or best == 0:
        return None
    leaders = [language for language, score in scores.items() if score == best]
    told = {tuple([days.get(language) for days in read]) for language in leaders}
    return leaders[0] if len(told) == 1 else None


def _readings(text: str) -> Mapping[str, MonthDay]:
    plain = _plain(text)
    if _NOT_OF_DAYS.search(plain):
        return {}
    numbered = _numbered(plain)
    if numbered:
        return {_NUMBERED: numbered} if _is_day(numbered) else {}
    day, name = _parted(plain)
    if day is None:
        return {}
    return {language: (month, day) for language, month in _months(name).items() if _is_day((month, day))}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _parted(plain: str) -> tuple[int | None, str]:
    """The day's number and the words beside it, without what only joins the two."""
    pieces = _PIECE.findall(_ORDINAL.sub("", plain))
    numbers = [piece for piece in pieces if piece.isdecimal()]
    words = [piece for piece in pieces if not piece.isdecimal() and piece not in _FILLERS]
    day = int(numbers[0]) if len(numbers) == 1 and len(numbers[0]) <= 2 else None
    return day, " ".join(words)


def _numbered(plain: str) -> MonthDay | None:
    east_asian, vietnamese = _EAST_ASIAN.fullmatch(plain), _VIETNAMESE.fullmatch(plain)
    if east_asian:
        return int(east_asian[1]), int(east_asian[2])
    return (int(vietnamese[2]), int(vietnamese[1])) if vietnamese else None


def _months(name: str) -> Mapping[str, int]:
    """The month of that name in each language: the one so called, or the only one that begins with it."""
    return _index().get(name) or _index().get(name.rstrip("."), {})


@cache
def _index() -> Mapping[str, Mapping[str, int]]:
    """All names and what they may be shortened to."""
    found: dict[str, dict[str, int]] = {}
    for language in _NAMES:
        names = _table(language)
        begun: dict[str, set[int]] = {}
        for name, month in () if language in _NEVER_SHORTENED else names.items():
            for length in range(_SHORTEST, len(name)):
                begun.setdefault(name[:length], set()).add(month)
        for short, months in begun.items():
            if len(months) == 1:
                found.setdefault(short, {})[language] = months.pop()
        for name, month in names.items():
            found.setdefault(name, {})[language] = month
    return found


@cache
def _table(language: str) -> Mapping[str, int]:
    months = unicodedata.normalize("NFC", _NAMES[language]).casefold().split()
    return {
        name.replace("_", " "): number
        for number, names in enumerate(months, start=1)
        for name in names.split("|")
    }


def _is_day(reading: MonthDay) -> bool:
    month, day = reading
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
