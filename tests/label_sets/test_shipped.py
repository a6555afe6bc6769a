"""The label sets of the package."""

import pytest

from mmaction_microaction.label_sets import get_label_set, list_label_sets


@pytest.mark.parametrize('name', list_label_sets())
def test_words_of_names_are_words(name):
    label_set = get_label_set(name)
    assert label_set.name == name
    assert label_set.source
    for action in label_set.actions:
        assert all(word.isalpha() for word in action.words), action
        assert action.name.replace(',', '').replace('-', ' ').split() == list(action.words)


def test_imigue_has_the_labels_of_its_files_minus_one():
    names = get_label_set('imigue').names
    assert len(names) == 32
    # From the short list of github.com/gutzcha/human_micro_gesture_classifier, whose words are others.
    words = {1: 'turtle', 7: 'eyes', 12: 'neck', 17: 'folding', 20: 'torso', 24: 'crossing', 28: 'head', 30: 'akimbo'}
    for label_of_file, word in words.items():
        assert word in names[label_of_file - 1]
    assert names[31].startswith('illustrative')


def test_smg_has_the_ids_of_visual_text_mg():
    names = get_label_set('smg').names
    assert len(names) == 17
    # From the sample clips of github.com/Leedeng/Visual-Text-MG.
    ids = {'moving legs': 4, 'rubbing hands and crossing fingers': 7}
    assert {name: names.index(name) for name in ids} == ids
    assert names[11] == 'scratching or touching facial parts other than eyes'
