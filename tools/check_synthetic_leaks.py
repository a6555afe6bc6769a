"""Print how much of the labels of a synthetic MA-52 shows in what should not give them away.

python tools/check_synthetic_leaks.py data/ma52_synthetic
"""

import argparse
import sys

from mmaction_microaction.synthetic.leaks import leak_table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', help='folder that tools/make_synthetic_ma52.py wrote')
    try:
        table = leak_table(parser.parse_args().root)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print('| nearest neighbour on | 52 actions (chance 0.019) | reversed pairs (chance 0.5) |\n|---|---|---|')
    for name, (fine, pairs) in table.items():
        print(f'| {name} | {fine:.3f} | {pairs:.2f} |')


if __name__ == '__main__':
    main()
