"""Measure how far a synthetic MA-52 leaks its labels.

The table shows how often the nearest neighbour has the same label, for
properties of a clip that should not reveal its label.

    microaction leaks data/ma52_synthetic
"""


def add_arguments(parser):
    parser.add_argument('root', help='folder that "microaction synthesize" wrote')


def run(args):
    from mmaction_microaction.label_sets import MA52
    from mmaction_microaction.synthetic.leaks import leak_table

    table = leak_table(args.root)
    chance = f'{len(MA52)} actions (chance {1 / len(MA52):.3f})'
    print(f'| nearest neighbour on | {chance} | reversed pairs (chance 0.5) |\n|---|---|---|')
    for name, (fine, pairs) in table.items():
        print(f'| {name} | {fine:.3f} | {pairs:.2f} |')
