"""Label sets other than that of MA-52: a small one without groups, and a large one whose groups are not contiguous."""

from mmaction_microaction.label_sets import LabelSet

FOUR = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding', 'waving', 'shrugging', 'arms akimbo']})

_ADJECTIVES = ('slow', 'quick', 'wide', 'narrow', 'small', 'large', 'soft', 'firm', 'left', 'right')
TWO_HUNDRED = LabelSet.from_dict(
    {
        'name': 'invented',
        'title': 'Invented 200',
        'group_term': 'family',
        'actions': [
            {'name': f'{_ADJECTIVES[i % 10]} movement {i}', 'code': f'M{i}', 'group': f'family {i % 12}'}
            for i in range(200)
        ],
    }
)
