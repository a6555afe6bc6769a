import numpy as np
import pytest
from helpers.figures import find_axes, read_texts
from helpers.label_sets import FOUR

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.visualization import plot_features


def test_figure_names_the_method():
    runs = {'a': (np.ones((4, 2)), np.zeros(4, int))}
    for method, name in (('tsne', 't-SNE'), ('umap', 'UMAP')):
        (subtitle,) = read_texts(plot_features(runs, method=method), 'subtitle')
        assert subtitle.startswith(f'{name} of the clips')


def test_each_clip_is_drawn_on_both_levels():
    labels = np.array([0, 0, 1, 9, 51])
    points = np.arange(10.0).reshape(5, 2)
    figure = plot_features({'a': (points, labels), 'b': (points[:4], labels[:4])})
    assert [axes.get_title() for axes in figure.axes] == ['a', '', 'b', '']
    for name, num_clips in (('a', 5), ('b', 4)):
        for level in ('actions', 'body parts'):
            (axes,) = find_axes(figure, f'{level} of {name}')
            collections = {collection.get_label(): collection for collection in axes.collections}
            assert list(collections) == list(MA52.groups)
            for part, collection in enumerate(collections.values()):
                expected = points[:num_clips][MA52.fine_to_coarse[labels[:num_clips]] == part]
                np.testing.assert_array_equal(collection.get_offsets(), expected)
    (by_action,), (by_part,) = find_axes(figure, 'actions of a'), find_axes(figure, 'body parts of a')
    actions, parts = (axes.collections[0].get_facecolors() for axes in (by_action, by_part))
    # Labels 0, 0 and 1 are of the same body part.
    assert (actions[0] == actions[1]).all()
    assert (actions[0] != actions[2]).any()
    assert len(parts) == 1


@pytest.mark.parametrize('runs', [{}, dict.fromkeys('abc', (np.ones((4, 2)), [0] * 4)), {'a': (np.ones((3, 2)), [0])}])
def test_rejects_other_runs(runs):
    with pytest.raises(ValueError, match='expected'):
        plot_features(runs)


def test_features_of_actions_without_groups():
    points = np.arange(8.0).reshape(4, 2)
    figure = plot_features({'a': (points, np.array([0, 1, 1, 3]))}, label_set=FOUR)
    (axes,) = figure.axes
    assert axes.get_label() == 'actions of a'
    sizes = {collection.get_label(): len(collection.get_offsets()) for collection in axes.collections}
    assert sizes == {'nodding': 1, 'waving': 2, 'shrugging': 0, 'arms akimbo': 1}
    assert len({tuple(collection.get_facecolor()[0]) for collection in axes.collections}) == 4
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(FOUR.names)
