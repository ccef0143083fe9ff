"""``rawzone promote`` as it is, with its judges and writers, struck by the kernel: calls fail or end it.

``strace`` counts the calls of each thread for itself, so whoever first makes its n-th is struck: the process
that promotes, or one that writes for it, or several.
"""

import json
import shutil
import subprocess
import sys
from datetime import date, timedelta

import pytest

from rawzone_assets.samples import samples
from rawzone_assets_tests.zone.invariants import Oracle, read_landing
from rawzone_assets_tests.zone.writer_bench import SENTENCE, Zone, trees

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace"),
]

KILLED = 137  # as a shell says it; strace dies as what it traces did
STRIKES = {
    ("fsync", "signal=SIGKILL"): (4, 9, 25),
    ("fsync", "error=EIO"): (5, 14),
    ("fsync", "error=ENOSPC"): (12,),
    ("linkat", "signal=SIGKILL"): (90, 250),
    ("linkat", "error=EIO"): (120,),
    ("unlinkat", "signal=SIGKILL"): (200,),
    ("mkdir", "signal=SIGKILL"): (60,),
    ("fchmod", "signal=SIGKILL"): (17,),
    ("fchmod", "error=EIO"): (17,),
}
"""Which calls, what becomes of them, and of which n each."""


def tracing(trace, call, how, nth):
    inject = ["-e", f"trace=execve,{call}", "-e", f"inject={call}:{how}:when={nth}"]
    return ["strace", "-f", "-qq", "-s", "300", "-o", str(trace), *inject]


class Command:
    """A landing and a zone that is begun again for each strike."""

    def __init__(self, home, work):
        self.home = home
        self.work = work
        self.tried = self.writers = self.writers_struck = 0
        self.violations = []
        for feed in ("tiktok/trends", "metaads/audience"):
            for day in range(90):
                self.land(feed, day)
        self.landing = read_landing(home / "landing")
        self.promote()
        self.reference = self.zone()

    def land(self, feed, day):
        """What is good of a day's samples, and of what is refused some."""
        for number, sample in enumerate(samples(feed, capture=date(2025, 1, 10) + timedelta(days=day))):
            if sample.verdict == "promoted" or (number + day) % 12 == 0:
                path = self.home / "landing" / sample.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(sample.data)

    def begin_again(self):
        for path in self.home.iterdir():
            if path.name != "landing":
                shutil.rmtree(path)

    def start(self, *arguments, before=()):
        program = "from rawzone_assets.cli import main; main()"
        return subprocess.Popen(
            [*before, sys.executable, "-c", program, "--home", str(self.home), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments):
        command = self.start(*arguments)
        out, said = command.communicate()
        return command.returncode, out, said

    def promote(self):
        code, _, said = self.run("promote", "--now", "--json")
        assert code == 1, said  # some are refused

    def zone(self):
        """What it holds but for times; how the feeds take turns depends on which could not be promoted."""
        zone = Zone.at(self.home)
        timeless = [{**r, "validated_at": None, "promoted_at": None} for r in zone.receipts]
        return Zone(zone.raw, zone.quarantine, sorted(timeless, key=lambda receipt: receipt["feed"]))

    def strike(self, call, how, nth, *, at_once=1):
        self.begin_again()
        self.tried += 1
        traces = [self.work / f"trace-{number}" for number in range(at_once)]
        started = [self.start("promote", "--now", "--json", before=tracing(t, call, how, nth)) for t in traces]
        problems = [problem for one in started for problem in self.said_wrongly(one)]
        lines = [line for trace in traces for line in trace.read_text(errors="replace").splitlines()]
        writers = {line.split()[0] for line in lines if "execve(" in line and "writing_worker" in line}
        struck = {line.split()[0] for line in lines if "killed by SIGKILL" in line or "(INJECTED)" in line}
        self.writers += len(writers)
        self.writers_struck += bool(writers & struck)
        problems += [] if struck else ["nobody was struck"]
        problems += self.after()
        self.violations += [f"{call} {how} {nth}, {at_once} at once: {problem}" for problem in problems]

    def said_wrongly(self, command):
        _, said = command.communicate()
        if command.returncode not in (0, 1, 2, -9, KILLED):
            yield f"it ended with {command.returncode}"
        if command.returncode == 2 and not all(SENTENCE.fullmatch(line) for line in said.splitlines()):
            yield f"it said {said}"
        if "Traceback" in said:
            yield f"its user saw {said}"

    def after(self):
        oracle = Oracle()
        problems = oracle.check(*trees(self.home), recovered=False)
        oracle.acknowledge(trees(self.home)[0])
        code, _, said = self.run("promote", "--now", "--json")
        problems += [] if code in (0, 1) else [f"the next promotion ended with {code}: {said}"]
        problems += oracle.check(*trees(self.home))
        problems += self.zone().differences(self.reference)
        code, out, said = self.run("verify", "--json")
        problems += [] if code == 0 else [f"verify found {out} {said}"]
        problems += [] if self.waiting() == 0 else ["I6: some still wait"]
        problems += ["I4: landing was changed"] if read_landing(self.home / "landing") != self.landing else []
        return problems

    def waiting(self):
        _, out, _ = self.run("status", "--json")
        return sum(json.loads(line).get("waiting", 0) for line in out.splitlines())


@pytest.fixture
def command(home, tmp_path, environment):
    return Command(home, tmp_path)


def counts(command):
    return (
        f"{command.tried} times, in {command.writers_struck} of them writers, of {command.writers} that started"
    )


def test_promotion_struck_anywhere_is_finished_by_the_next(command, tell):
    for (call, how), numbers in STRIKES.items():
        for nth in numbers:
            command.strike(call, how, nth)
    tell(f"rawzone promote struck by the kernel: {counts(command)}")
    assert command.violations == []
    assert command.writers > command.tried


def test_promotion_struck_while_another_promotes_is_finished_by_the_next(command, tell):
    for call, how, nth in (("fsync", "signal=SIGKILL", 9), ("linkat", "error=EIO", 90)):
        command.strike(call, how, nth, at_once=2)
    tell(f"two rawzone promote struck by the kernel: {counts(command)}")
    assert command.violations == []
