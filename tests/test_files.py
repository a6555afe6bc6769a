import os
import threading

from mmaction_microaction.files import check_writable, write_whole


def test_what_a_link_points_to_is_written(tmp_path):
    (tmp_path / 'file').write_bytes(b'before')
    (tmp_path / 'link').symlink_to('file')
    write_whole(tmp_path / 'link', b'after')
    assert (tmp_path / 'link').is_symlink()
    assert (tmp_path / 'file').read_bytes() == b'after'
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / 'pipe').read_bytes()))
    reader.start()
    check_writable(tmp_path / 'pipe')
    write_whole(tmp_path / 'pipe', b'content')
    reader.join(10)
    assert read == [b'content']
    assert (tmp_path / 'pipe').is_fifo()
