import gzip
import json
import resource
import runpy
import sys
import urllib.error
from functools import partial

import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.processes import run_tool
from helpers.support import ROOT

from mmaction_microaction.datasets.preparation import build_label_embeddings as label_embeddings
from mmaction_microaction.datasets.preparation.build_label_embeddings import (
    average_words,
    build_label_embeddings,
    load_word_vectors,
)
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.models.label_embeddings import load_label_embeddings

gensim = pytest.importorskip('gensim')
SHIPPED = 'data/ma52/label_embeddings_glove50.npy'
WORDS = sorted({word for action in MA52.actions for word in action.words} - {'straightly'})


@pytest.fixture
def vectors():
    vectors = gensim.models.KeyedVectors(vector_size=4)
    vectors.add_vectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32))
    return vectors


def test_embedding_is_the_mean_over_known_words(vectors):
    table, missing = average_words(vectors)
    assert missing == ['straightly']
    assert table.shape == (52, 4)
    assert table.dtype == np.float32
    np.testing.assert_allclose(table[9], vectors['nodding'])
    np.testing.assert_allclose(table[1], vectors['sitting'])
    words = ['scratching', 'or', 'touching', 'neck']
    np.testing.assert_allclose(table[32], sum(vectors[word] for word in words) / 4, rtol=1e-6)


def test_a_label_without_any_known_word_fails_the_build(vectors):
    known = [word for word in WORDS if word != 'nodding']
    others = gensim.models.KeyedVectors(vector_size=4)
    others.add_vectors(known, [vectors[word] for word in known])
    with pytest.raises(ValueError, match=r'no word of "nodding" \(label 9\) has a vector'):
        average_words(others)


def vectors_of(**words):
    vectors = gensim.models.KeyedVectors(vector_size=2)
    vectors.add_vectors(list(words), np.array(list(words.values()), np.float32))
    return vectors


def test_embeddings_of_any_label_set(vectors):
    table, missing = average_words(vectors, FOUR)
    assert (table.shape, missing) == ((4, 4), [])
    np.testing.assert_allclose(table[1], vectors['waving'])
    np.testing.assert_allclose(table[3], (vectors['arms'] + vectors['akimbo']) / 2, rtol=1e-6)
    table, missing = average_words(vectors_of(movement=[1, 2], slow=[3, 4]), TWO_HUNDRED)
    assert table.shape == (200, 2)
    assert table[[0, 1, 190]].tolist() == [[2, 3], [1, 2], [2, 3]]
    assert {'quick', '7', '199'} < set(missing)
    assert 'movement' not in missing


def test_words_are_looked_up_as_they_are_then_in_lower_case_then_in_parts():
    vectors = vectors_of(Paris=[1, 0], paris=[9, 9], hand=[2, 0], waving=[0, 4], ärmel=[5, 5])
    names = ['Paris', 'HAND', 'Hand-waving', 'Ärmel', 'hand/face']
    table, missing = average_words(vectors, LabelSet.from_dict({'name': 'x', 'actions': names}))
    assert table.tolist() == [[1, 0], [2, 0], [1, 2], [5, 5], [2, 0]]
    assert missing == ['face']


def test_names_without_known_words_are_an_error_that_names_the_remedies(vectors):
    label_set = LabelSet.from_dict({'name': 'x', 'actions': ['waving', '点头']})
    with pytest.raises(ValueError, match=r'no word of "点头" \(label 1\).*"words".*loss_emb=None'):
        average_words(vectors, label_set)
    described = {'name': 'x', 'actions': ['waving', {'name': '点头', 'words': ['nodding']}]}
    np.testing.assert_allclose(average_words(vectors, LabelSet.from_dict(described))[0][1], vectors['nodding'])


def test_tool_builds_the_table_of_a_file(vectors, tmp_path):
    vectors.save_word2vec_format(str(tmp_path / 'v.txt'), write_header=False)
    (tmp_path / 'gestures.txt').write_text('nodding\thead\nwaving twice\tarms\n')
    run = partial(run_tool, 'build_label_embeddings.py', 'v.txt', '--label-set', cwd=tmp_path)
    process = run('gestures.txt', '--out', 'gestures.npy')
    assert 'gestures.npy: 2 actions' in process.stdout
    assert 'left out of the means: twice' in process.stdout
    np.testing.assert_allclose(load_label_embeddings(tmp_path / 'gestures.npy', (2, 4))[1], vectors['waving'])
    assert json.loads((tmp_path / 'gestures.json').read_text())['label_set'] == 'gestures'
    # The default output is the table of MA-52.
    assert '--label-set gestures.txt needs --out' in run('gestures.txt').stderr
    assert 'no.yaml: no such label set' in run('no.yaml', '--out', 'x.npy').stderr


@pytest.mark.parametrize('name', ['glove.txt', 'word2vec.vec', 'word2vec.bin', 'glove.txt.gz', 'word2vec.bin.gz'])
def test_reads_every_form_of_word_vectors(vectors, tmp_path, name):
    path = tmp_path / name
    vectors.save_word2vec_format(str(path), binary='.bin' in name, write_header='glove' not in name)
    out = tmp_path / 'out' / 'table.npy'
    assert build_label_embeddings(str(path), out) == ['straightly']
    np.testing.assert_allclose(load_label_embeddings(out, (52, 4)), average_words(vectors)[0], rtol=1e-5)
    record = json.loads(out.with_suffix('.json').read_text())
    assert record['source'] == path.name
    assert record['vocabulary'] == len(WORDS)
    assert record['words_without_vector'] == ['straightly']


def test_pickled_vectors_are_refused(vectors, tmp_path):
    vectors.save(str(tmp_path / 'v.kv'))
    with pytest.raises(ValueError, match=r'v\.kv is a pickle of gensim, .*save_word2vec_format'):
        build_label_embeddings(str(tmp_path / 'v.kv'), tmp_path / 'table.npy')


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('v.txt', b'1000000000000 300\na 1 2\n', r'1,000,000,000,000 words of 300 numbers.* 24 bytes'),
        ('v.bin', b'1000000000000 300\na ' + bytes(1200), r'1,000,000,000,000 words of 300 numbers'),
        ('v.txt.gz', gzip.compress(b'1000000000000 300\na 1 2\n', mtime=0), r'1,000,000,000,000 words of 300'),
        ('v.txt.gz', gzip.compress(b'a ' + b'1' * 2**25, mtime=0), r'unpacks to more than 17 MiB'),
    ],
)
def test_vectors_that_expand_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf'{name} contains no word vectors .*{message}'):
        load_word_vectors(str(tmp_path / name))


def test_tool_reports_unknown_words_and_errors_in_one_line(vectors, tmp_path):
    vectors.save_word2vec_format(str(tmp_path / 'v.txt'), write_header=False)

    run = partial(run_tool, 'build_label_embeddings.py', cwd=tmp_path)

    process = run('v.txt', '--out', 'table.npy')
    assert 'Words without a vector, left out of the means: straightly' in process.stdout
    process = run('no.txt', '--out', 'table.npy')
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == 'error: no.txt: no such file of word vectors'
    (tmp_path / 'bad.txt').write_text('this is not\na table of vectors\n')
    assert run('bad.txt').stderr.splitlines()[-1].startswith('error: bad.txt contains no word vectors')


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('table', r'table: .*\.npy'),
        ('table.json', r'table\.json: .*\.npy'),
        ('table.npy/table.npy', r'table\.npy cannot be a folder'),
        ('folder.npy', r'folder\.npy cannot be written, since it is a folder'),
    ],
)
def test_unwritable_output_is_rejected_before_the_download(tmp_path, monkeypatch, name, message):
    monkeypatch.setattr(label_embeddings, 'load_word_vectors', lambda source: pytest.fail('downloaded'))
    (tmp_path / 'table.npy').write_text('a file')
    (tmp_path / 'folder.npy').mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises((OSError, ValueError), match=message):
        build_label_embeddings('glove', tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def downloader(tmp_path, monkeypatch):
    """Replace gensim.downloader by one without internet and without earlier downloads."""

    def refuse(url, *args):
        raise urllib.error.URLError('Connection refused')

    import gensim.downloader

    monkeypatch.setattr(gensim.downloader, 'BASE_DIR', str(tmp_path / 'gensim-data'))
    monkeypatch.setattr(gensim.downloader, 'urlopen', refuse)
    monkeypatch.setattr(gensim.downloader.urllib, 'urlretrieve', refuse)
    return gensim.downloader


@pytest.mark.parametrize('known', [False, True], ids=['nothing known', 'list known'])
def test_without_internet_the_message_names_the_remedies(downloader, tmp_path, monkeypatch, capfd, known):
    (tmp_path / 'gensim-data').mkdir()
    if known:
        models = {name: {'file_name': f'{name}.gz'} for name in ('glove-wiki-gigaword-300', 'glove-twitter-25')}
        (tmp_path / 'gensim-data/information.json').write_text(json.dumps({'corpora': {}, 'models': models}))
    monkeypatch.setattr(sys, 'argv', ['build_label_embeddings.py', '--out', str(tmp_path / 'table.npy')])
    with pytest.raises(SystemExit) as error:
        runpy.run_path(str(ROOT / 'tools/build_label_embeddings.py'), run_name='__main__')
    message = str(error.value)
    assert message.startswith('error: glove-wiki-gigaword-300 cannot be downloaded')
    assert 'gensim-data' in message
    assert f'model.cls_head.label_embeddings={SHIPPED} model.cls_head.embed_dims=50' in message
    assert len(message.splitlines()) == 1
    assert capfd.readouterr().err == ''
    assert not (tmp_path / 'table.npy').exists()
    if known:
        with pytest.raises(ValueError, match=r'glove-wiki-300 is neither a file nor a name .*glove-wiki-gigaword-300'):
            build_label_embeddings('glove-wiki-300', tmp_path / 'table.npy')


def test_vectors_downloaded_elsewhere_are_used_without_internet(downloader, vectors, tmp_path, monkeypatch):
    folder = tmp_path / 'gensim-data' / 'glove-of-a-test'
    folder.mkdir(parents=True)
    models = {folder.name: {'file_name': f'{folder.name}.gz'}}
    (tmp_path / 'gensim-data/information.json').write_text(json.dumps({'corpora': {}, 'models': models}))
    vectors.save_word2vec_format(str(folder / 'v.txt'))
    (folder / '__init__.py').write_text(
        'from gensim.models import KeyedVectors\n'
        f'def load_data(): return KeyedVectors.load_word2vec_format({str(folder / "v.txt")!r})\n'
    )
    monkeypatch.setattr(sys, 'path', list(sys.path))
    assert build_label_embeddings(folder.name, tmp_path / 'table.npy') == ['straightly']


def test_a_full_disk_leaves_no_table(vectors, tmp_path):
    vectors.save_word2vec_format(str(tmp_path / 'v.txt'), write_header=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))  # enough for the JSON file
    try:
        with pytest.raises(OSError, match=r'File too large.*table\.npy'):
            build_label_embeddings(str(tmp_path / 'v.txt'), tmp_path / 'table.npy')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    # prepare_ma52.py builds the missing table.
    assert not (tmp_path / 'table.npy').exists()
