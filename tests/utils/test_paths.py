from helpers.support import ROOT

from mmaction_microaction.utils.paths import find_guide


def test_guides_have_a_path_that_exists_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert find_guide('docs/faq.md') == 'docs/faq.md'
    monkeypatch.chdir(tmp_path)
    assert find_guide('docs/faq.md') == str(ROOT / 'docs' / 'faq.md')
    assert find_guide('docs/missing.md') == 'docs/missing.md'
