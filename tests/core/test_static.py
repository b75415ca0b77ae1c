"""Files that are part of the program, as they are sent."""

from pathlib import Path

from x18.core.static import read_folder

CODE = 'const a = "https://x"; // told\n  /** What\n   * it is. */\n  b(/\\/*/);\n// gone\n/* and */ c();\n'


def test_comments_and_indentation_are_left_out_of_scripts_but_not_their_lines(tmp_path: Path) -> None:
    for name in ("some.js", "copied.js"):
        (tmp_path / name).write_text(CODE)
    files = read_folder(tmp_path, lean=True, but=("copied.js",)).files

    assert files["some.js"].body.decode() == 'const a = "https://x"; // told\n\n\nb(/\\/*/);\n\nc();\n'
    assert files["copied.js"].body.decode() == CODE
    assert read_folder(tmp_path).files["some.js"].body.decode() == CODE
