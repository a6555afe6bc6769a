"""The commands of docs/agreement.md print what the page shows."""

import re

from helpers.support import ROOT

from mmaction_microaction.cli import main


def test_examples_of_the_guide(tmp_path, monkeypatch, capsys):
    page = (ROOT / 'docs' / 'agreement.md').read_text(encoding='utf-8')
    program, agreement, summary = (
        re.search(pattern, page, re.M | re.S)[1]
        for pattern in (
            r'^```python\n(.*?)^```',
            r'^microaction agree anna ben\n```\n```text\n(.*?)^```',
            r'^microaction summary anna\n```\n```text\n(.*?)^```',
        )
    )
    monkeypatch.chdir(tmp_path)
    exec(compile(program, 'agreement.md', 'exec'), {})
    capsys.readouterr()
    main('agree', ['anna', 'ben'])
    assert capsys.readouterr().out == agreement
    main('summary', ['anna'])
    assert capsys.readouterr().out == summary
