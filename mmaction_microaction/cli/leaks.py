"""Measure how far a synthetic MA-52 leaks its labels.

The first table shows how often the nearest neighbour has the same label, for
properties of a clip that should not reveal its label. The second table shows
what a probe, a logistic regression of outlines, recognises in single frames
of people it has not seen. The third table shows the same for every action.

    microaction leaks data/ma52_synthetic
"""


def add_arguments(parser):
    parser.add_argument('root', help='folder that "microaction synthesize" wrote')


def run(args):
    from mmaction_microaction.label_sets import MA52
    from mmaction_microaction.synthetic.leaks import PAIRS, PROBES, measure_leaks

    neighbors, probes = measure_leaks(args.root)
    chance = f'{len(MA52)} actions (chance {1 / len(MA52):.3f})'
    print(f'| nearest neighbour on | {chance} | reversed pairs (chance 0.5) |\n|---|---|---|')
    for name, (fine, pairs) in neighbors.items():
        print(f'| {name} | {fine:.3f} | {pairs:.2f} |')
    pairs = [pair for pair in PAIRS if pair in probes[PROBES[0]].pairs]
    titles = [' / '.join(MA52.names[label] for label in pair) for pair in pairs]
    print(f'\n| probe on | {" | ".join([chance, *titles])} |\n|---|{"---|" * (1 + len(pairs))}')
    for name, result in probes.items():
        print(f'| {name} | {" | ".join([f"{result.fine:.3f}", *(f"{result.pairs[pair]:.2f}" for pair in pairs)])} |')
    print(f'\n| action | {" | ".join(probes)} |\n|---|{"---|" * len(probes)}')
    for label in probes[PROBES[0]].classes:
        row = ' | '.join(f'{result.classes[label]:.2f}' for result in probes.values())
        print(f'| {MA52.names[label]} | {row} |')
