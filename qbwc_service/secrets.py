"""What is done with the secret key: checking secrets, and keeping what must be shown again (design.md part 5)."""

import base64
import hashlib
import hmac
import os
import pathlib
import secrets

from cryptography.fernet import Fernet, InvalidToken


class WrongKey(Exception):
    """What is kept was sealed with another secret key than the one in force."""

    def __init__(self) -> None:
        super().__init__(
            "this database was made with another secret key: restore QBWC_SECRET_KEY (or secret.key in the data "
            "folder), or make new passwords with `qbwc regenerate-password`"
        )


class Keys:
    """The two uses of the secret key, each with a key derived for it alone."""

    def __init__(self, secret_key: str) -> None:
        self._mac = hashlib.sha256(b"qbwc mac\0" + secret_key.encode()).digest()
        sealing = hashlib.sha256(b"qbwc seal\0" + secret_key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(sealing))

    def mac(self, purpose: str, secret: str) -> str:
        """-> 64 hex digits by which a random secret is recognised without being kept."""
        # A fast hash on purpose: secrets have 128 random bits, and a slow one would be a denial of service.
        message = f"{purpose}\0{secret}".encode("utf-8", "surrogatepass")
        return hmac.new(self._mac, message, hashlib.sha256).hexdigest()

    @staticmethod
    def same(mac: str, other: str) -> bool:
        return hmac.compare_digest(mac, other)

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Raises WrongKey when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise WrongKey from None


# No character that people confuse, or that a double click does not select: 22 of these are 128 bits and some.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


def new_password() -> str:
    """-> a connector password: 24 characters, some 139 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(24))


def new_ticket() -> str:
    """-> a session's ticket: 128 random bits, in the shape of a GUID, as Intuit recommends (contract.md 2.2)."""
    digits = secrets.token_hex(16)
    return f"{{{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}}}"


def make_key_file(path: pathlib.Path) -> str:
    """Writes a new secret key that only its owner can read, unless one is there; -> the key in force."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_hex(32)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
