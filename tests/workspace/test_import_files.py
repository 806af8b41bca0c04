"""Files that are no people: each gets a clear sentence, and nothing of it is kept. Others are read, however saved."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.workspace.importing import Importing, outcomes
from tests.workspace.pages import text
from workspace.imports.reading import read_table
from workspace.models import EndUser, ImportedLine, PeopleImport

LINES = "Name,Email\nJürgen Çelik,jurgen@acme.example\n"


@pytest.fixture
def importing(acme, owner):
    return Importing(owner, acme.url)


def refusal(importing, content, name="people.csv"):
    """The sentence with which the page refuses a file."""
    response = importing.upload(content, name)
    assert response.status_code == 200
    assert PeopleImport.objects.exclude(uploaded_by="System").count() == 0
    return response.context["form"].errors["file"][0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n \n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"Name,Email\n", "no line below them"),
        (b"Name,Email\n,\n\n", "no line below them"),
        (b"Cy Moor,cy@acme.example\nDee,dee@acme.example\n", "holds the address cy@acme.example"),
        (b"PK\x03\x04\x14\x00\x06\x00", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
        (b"\x1f\x8b\x08\x00", "an archive"),
        (LINES.encode("utf-16-le"), "encoding is not marked"),
        (b"\xff\xfeN\x00a", "marked as UTF-16LE, but it is not"),
        (b"\xef\xbb\xbfName\nJ\xfcrgen\n", "marked as UTF-8, but it is not"),
        (b"Name,Email\nJ\x81rgen,j@acme.example\n", "neither UTF-8 nor Windows-1252"),
        (b'Name,Email\n"Cy,cy@acme.example\n', "Line 2 cannot be read: a quotation mark"),
        (b'Name,Email\nCy,cy@acme.example\n"Dee"x,dee@acme.example\n', "Line 3 cannot be read: a quotation mark"),
        (b"Name,Email\n" + b"x" * 200_000 + b",cy@acme.example\n", "A value in line 2 is longer than 131,072"),
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n", "The file has 10,000 columns. At most 100"),
        (b"Name,Email\n" + b"Cy,cy@acme.example\n" * 10_001, "The file has more than 10,000 lines."),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(importing, content, sentence):
    assert sentence in refusal(importing, content)
    assert EndUser.objects.count() == 2 and not ImportedLine.objects.exists()


@pytest.mark.parametrize("content", [b"x" * 5_000_000, b"Name,Email\n" + b"C,c@d.example\n" * 1_000_000])
def test_a_line_of_5_mb_and_a_million_lines_end_at_the_size_of_any_upload(importing, content):
    assert len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    response = importing.upload(content)
    assert response.status_code == 400
    assert "At most 2 MB are taken. Nothing was changed." in response.content.decode()
    assert PeopleImport.objects.exclude(uploaded_by="System").count() == 0


def test_nothing_and_both_are_asked_for_again(importing):
    assert "Choose a CSV file, or paste its lines." in text(importing.client.post(importing.url, {}))
    response = importing.client.post(importing.url, {"file": importing_file(), "lines": LINES})
    assert "not both" in text(response)


def importing_file():
    return SimpleUploadedFile("people.csv", LINES.encode())


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        LINES.replace(",", ";").encode("utf-8-sig"),
        LINES.replace(",", "\t").encode("utf-16"),
        LINES.replace("\n", "\r\n").encode(),
        LINES.replace("\n", "\r").encode(),
        f"{LINES}\n\n,\n;\n".replace(";\n", "").encode(),
        b"sep=;\r\n" + LINES.replace(",", ";").encode(),
        'Name,Email\n"Jürgen Çelik",jurgen@acme.example\n'.encode(),
    ],
)
def test_a_file_is_read_however_it_was_saved(importing, content):
    importing.run(content)
    assert EndUser.objects.get(email="jurgen@acme.example").full_name == "Jürgen Çelik"


def test_a_file_of_windows_is_read_and_its_letters_are_shown_to_be_checked(importing):
    response = importing.upload("Name;Email\nJürgen Čelik;j@acme.example\n".replace("Č", "Ç").encode("cp1252"))
    page = text(importing.client.get(response["Location"]))
    assert "It was read as Windows-1252" in page and "Jürgen Çelik" in page
    assert "Windows-1252" not in text(importing.client.get(importing.upload(LINES)["Location"]))


def test_lines_can_be_pasted(importing):
    response = importing.client.post(importing.url, {"lines": "Name\tE-Mail Address\nCy Moor\tcy@acme.example"})
    assert response.status_code == 302
    assert PeopleImport.objects.latest("id").columns == {"full_name": 0, "email": 1}


def test_quoted_line_breaks_count_as_lines_of_the_file(importing):
    job = importing.check('Name,Email\n"Cy\nMoor",cy@acme.example\nDee,nowhere\n')
    assert [(number, outcome) for number, outcome, _ in outcomes(job)] == [(2, "create"), (4, "refused")]
    assert job.lines.get(number=2).full_name == "Cy Moor"


def test_columns_that_are_not_read_are_named(importing):
    job = importing.check("Name,Email,Shoe size,Password\nCy,cy@acme.example,44,secret\n")
    assert "Columns that are not read Shoe size, Password" in text(importing.client.get(f"{importing.url}{job.pk}/"))


@pytest.mark.parametrize("head", ["Email,E-mail", "Email,Email", "Mail,E-Mail Address"])
def test_columns_that_may_be_the_same_are_not_guessed(importing, head):
    response = importing.upload(f"Name,{head}\nCy,cy@acme.example,moor@acme.example\n")
    page = importing.client.get(response["Location"])
    assert "2 columns may be this" in text(page)
    again = importing.client.post(response["Location"], {"full_name": "0"})
    assert "Choose the column with the email addresses." in text(again)
    assert PeopleImport.objects.latest("id").state == "uploaded"


def test_one_column_is_not_two_things(importing):
    response = importing.upload("Who,Where\nCy,cy@acme.example\n")
    again = importing.client.post(response["Location"], {"full_name": "1", "email": "1"})
    assert "Another field uses this column already." in text(again)
    assert importing.client.post(response["Location"], {"email": "77"}).status_code == 200
    assert PeopleImport.objects.latest("id").state == "uploaded"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Cy\0Moor,cy@acme.example", "characters that cannot be read"),
        ("Cy,c\0y@acme.example", "characters that cannot be read"),
        ("Cy\u202eMoor,cy@acme.example", "Remove the invisible characters"),
        ("\u200b,cy@acme.example", "Enter a full name."),
        (f"{'C' * 251},cy@acme.example", "Shorten the full name to at most 250"),
        (f"Cy,{'c' * 250}@acme.example", "Shorten the email address"),
        ("Cy,", "This line has no email address"),
        ("Cy,cy", "Enter an email address like"),
        (",cy@acme.example", "Enter a full name."),
        ("Cy,cy@acme.example,,,stray", "more values than the file has columns"),
        ("Cy,cy@acme.example,STAGING", "There is no environment STAGING."),
        ("Cy,cy@acme.example,DEV,Nobody", "There is no group Nobody in DEV."),
        (f"Cy,cy@acme.example,DEV,{';'.join(f'g{n}' for n in range(101))}", "This line names 101 groups."),
        ("Twin,DEE@ACME.example", "Line 2 has the same address."),
        ("Twin,ｄｅｅ@acme.example", "Line 2 has the same address."),
    ],
)
def test_a_bad_line_is_refused_with_the_reason_and_the_others_count(importing, line, reason):
    job = importing.run(f"Name,Email,Access,Groups\nDee,dee@acme.example\n{line}\nEve,eve@acme.example\n")
    (_, first, _), (number, outcome, note), (_, last, _) = outcomes(job)
    assert (first, number, outcome, last) == ("create", 3, "refused", "create")
    assert reason in note
    assert EndUser.objects.count() == 4


def test_memory_of_the_largest_file_is_bounded():
    """What 2 MB of empty lines and of separators become is refused or dropped before anything is kept."""
    assert len(read_table("Name,Email\n" + "\n" * 2_000_000 + "Cy,c@d.example").lines) == 1
    table = read_table("Name,Email\nCy" + "," * 100_000)
    assert table.lines[0].cells == ["Cy", ""] and not table.lines[0].has_more
