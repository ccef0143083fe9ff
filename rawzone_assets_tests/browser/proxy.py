"""The shipped nginx configuration, in a real nginx on loopback; only its own lines are changed."""

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rawzone_assets_tests.browser import demo_zone
from rawzone_assets_tests.processes import eventually, free_port

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
HOST = "localhost"  # the name that people type; the certificate's
USER, PASSWORD = "someone", "open-sesame"


@dataclass(frozen=True)
class Proxy:
    """``origin`` is what a browser says of a page served here."""

    port: int

    @property
    def origin(self):
        return f"https://{HOST}:{self.port}"


@contextmanager
def proxied(folder, *, dagster_port, auth=None):
    """nginx in front of a web server; ``auth`` names a shipped file, else everybody may come in."""
    proxy = Proxy(free_port())
    configuration = write_configuration(folder, port=proxy.port, dagster_port=dagster_port, auth=auth)
    with demo_zone.running(
        [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)],
        log=folder / "nginx.log",
        env=demo_zone.clean_environment(),
        cwd=folder,
    ) as process:
        assert eventually(lambda: process.poll() is not None or demo_zone.listens(proxy.port))
        assert process.poll() is None, (folder / "error.log").read_text()
        yield proxy


def write_configuration(folder, *, port, dagster_port, auth=None):
    """nginx.conf around the shipped site; the paths and the port are those of this folder."""
    _certificate(folder)
    shutil.copyfile(SHIPPED / "allowed.conf", folder / "allowed.conf")
    if auth:
        shutil.copyfile(SHIPPED / auth, folder / "auth.conf")
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", PASSWORD], capture_output=True, text=True, check=True
        ).stdout
        (folder / "users").write_text(f"{USER}:{hashed}")
        (folder / "auth.conf").write_text(
            (folder / "auth.conf").read_text().replace("/etc/nginx/rawzone", str(folder))
        )
    else:
        (folder / "auth.conf").write_text("")
    site = (SHIPPED / "rawzone.conf").read_text()
    for shipped, here in (
        ("127.0.0.1:3000", f"127.0.0.1:{dagster_port}"),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("dagster.example.com", HOST),
        ("/etc/nginx/rawzone", str(folder)),
    ):
        assert shipped in site, shipped
        site = site.replace(shipped, here)
    (folder / "site.conf").write_text(site)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{temporary}\ninclude {folder}/site.conf;\n}}\n"
    )
    return folder / "nginx.conf"


def _certificate(folder):
    (folder / "tls").mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls" / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls" / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
