"""Mail leaves as it should, over a real SMTP connection; settings that cannot work are told all at once."""

import pathlib

import pytest

from qbwc_service import settings
from qbwc_service.mail import Mailer, NoMailServer, NotSent, WrongMail

from .outside import Mailbox, mail_server, make_certificate

FROM = "Books <books@example.com>"


def mailer(url: str) -> Mailer:
    return Mailer(settings.read({"QBWC_SMTP_URL": url, "QBWC_MAIL_FROM": FROM}))


def test_a_mail_arrives_whole_in_any_script(box: Mailbox) -> None:
    mailer(f"smtp://127.0.0.1:{box.port}").send("ana@example.com", "Año – 会計", "Ñandú & <b>\n.\nlínea " + "x" * 2000)
    (mail,) = box.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == (FROM, "ana@example.com", "Año – 会計")
    assert mail.get_content().replace("\r\n", "\n") == "Ñandú & <b>\n.\nlínea " + "x" * 2000 + "\n"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Date"]


@pytest.mark.parametrize(
    "to",
    [
        "ana@example.com\nBcc: all@example.com",
        "ana@example.com\r\n\r\nhello",
        "ana@example.com, bob@example.com",
        "Ana <ana@example.com>",
        "ana",
        "@example.com",
        "ana@",
        "",
    ],
)
def test_what_is_not_one_address_is_refused(box: Mailbox, to: str) -> None:
    with pytest.raises(WrongMail):
        mailer(f"smtp://127.0.0.1:{box.port}").send(to, "Hello", "text")
    assert box.mails == []


@pytest.mark.parametrize("subject", ["a\nBcc: all@example.com", "a\r\n\r\nb", "a\0b", "a\u2028b"])
def test_a_subject_cannot_bring_a_header(box: Mailbox, subject: str) -> None:
    with pytest.raises(WrongMail):
        mailer(f"smtp://127.0.0.1:{box.port}").send("ana@example.com", subject, "text")
    assert box.mails == []


def test_a_domain_in_another_script_is_written_as_mail_servers_know_it(box: Mailbox) -> None:
    mailer(f"smtp://127.0.0.1:{box.port}").send("ana@españa.example", "Hello", "text")
    assert box.mails[0]["To"] == "ana@xn--espaa-rta.example"


def test_what_the_server_refuses_says_why(box: Mailbox) -> None:
    box.refuses = {"gone@example.com"}
    with pytest.raises(NotSent, match=r"550.*nobody of that name here"):
        mailer(f"smtp://127.0.0.1:{box.port}").send("gone@example.com", "Hello", "text")


def test_a_server_that_is_away_is_told() -> None:
    with mail_server() as box:
        url = f"smtp://127.0.0.1:{box.port}"
    with pytest.raises(NotSent, match="refused"):
        mailer(url).send("ana@example.com", "Hello", "text")


def test_without_a_server_nothing_can_be_mailed() -> None:
    assert not Mailer(settings.read({})).is_on
    with pytest.raises(NoMailServer, match="QBWC_SMTP_URL"):
        Mailer(settings.read({})).send("ana@example.com", "Hello", "text")


def test_the_password_goes_over_starttls_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as box:
        sending = mailer(f"smtp://books%40example.com:p%40ss%3Aword%25@localhost:{box.port}?starttls=yes")
        sending.send("ana@example.com", "Hello", "text")
        assert box.logins == [("books@example.com", "p@ss:word%")]
        assert box.encrypted == [True]
        with pytest.raises(NotSent):
            mailer(f"smtp://localhost:{box.port}").send("ana@example.com", "Hello", "text")
        wrong = mailer(f"smtp://books:secretword@localhost:{box.port}?starttls=yes")
        with pytest.raises(NotSent, match="535") as refused:
            wrong.send("ana@example.com", "Hello", "text")
        assert "secretword" not in str(refused.value)


def test_a_certificate_of_nobody_knows_whom_is_refused(tmp_path: pathlib.Path) -> None:
    with mail_server(make_certificate(tmp_path, "localhost")) as box:
        sending = mailer(f"smtp://books:p%40ss@localhost:{box.port}?starttls=yes")
        with pytest.raises(NotSent, match="certificate"):
            sending.send("ana@example.com", "Hello", "text")
        assert box.logins == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"QBWC_SMTP_URL": "smtp://mail.example.com"}, "QBWC_SMTP_URL and QBWC_MAIL_FROM: give both"),
        ({"QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL and QBWC_MAIL_FROM: give both"),
        ({"QBWC_SMTP_URL": "http://mail.example.com", "QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL: must be like"),
        ({"QBWC_SMTP_URL": "smtp://", "QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL: must be like"),
        ({"QBWC_SMTP_URL": "smtp://a:99999", "QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL: cannot be read"),
        ({"QBWC_SMTP_URL": "smtp://a?tls=yes", "QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL: behind the ?"),
        ({"QBWC_SMTP_URL": "smtp://u:secretword@mail.example.com", "QBWC_MAIL_FROM": FROM}, "travel in the open"),
        ({"QBWC_SMTP_URL": "smtp://a", "QBWC_MAIL_FROM": "nobody"}, "QBWC_MAIL_FROM: 'nobody' is not"),
        ({"QBWC_SMTP_URL": "smtp://a", "QBWC_MAIL_FROM": "a@b.example\nBcc: c@d.example"}, "QBWC_MAIL_FROM:"),
        ({"QBWC_SMTP_URL": "smtp://a", "QBWC_SMTP_URL_FILE": "b", "QBWC_MAIL_FROM": FROM}, "give one of them"),
        ({"QBWC_SMTP_URL_FILE": "no/such/file", "QBWC_MAIL_FROM": FROM}, "QBWC_SMTP_URL_FILE: no/such/file"),
        ({"QBWC_TICK_SECONDS": "soon"}, "QBWC_TICK_SECONDS: 'soon'"),
        ({"QBWC_TICK_SECONDS": "0"}, "QBWC_TICK_SECONDS: '0'"),
        ({"QBWC_TICK_SECONDS": "nan"}, "QBWC_TICK_SECONDS: 'nan'"),
        ({"QBWC_WEBHOOK_PRIVATE": "perhaps"}, "QBWC_WEBHOOK_PRIVATE: 'perhaps'"),
    ],
)
def test_settings_that_cannot_work_are_told_with_all_others(given: dict[str, str], fault: str) -> None:
    with pytest.raises(settings.ConfigurationError) as told:
        settings.read({**given, "PORT": "x"})
    assert any(fault in one for one in told.value.faults)
    assert any("PORT: 'x'" in one for one in told.value.faults)
    assert len(told.value.faults) == 2
    assert "secretword" not in str(told.value)


def test_the_url_may_stand_in_a_file_and_its_password_is_never_shown(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "smtp"
    file.write_text("smtps://books:secretword@mail.example.com\n")
    read = settings.read({"QBWC_SMTP_URL_FILE": str(file), "QBWC_MAIL_FROM": FROM})
    assert read.mail is not None
    assert (read.mail.host, read.mail.port, read.mail.tls) == ("mail.example.com", 465, settings.Tls.FROM_THE_START)
    assert read.mail.password == "secretword"
    assert "secretword" not in repr(read)
