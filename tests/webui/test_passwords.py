import pytest
from helpers.support import write_clip

from mmaction_microaction.webui.passwords import VARIABLE, read_passwords

pytest.importorskip('gradio', reason='the page needs the extra [web]')
import httpx
from helpers.visitors import Network, files

from mmaction_microaction.webui.server import serving


def test_passwords_are_read_from_a_file_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_passwords() is None
    monkeypatch.setenv(VARIABLE, 'ada:x')
    assert read_passwords() == [('ada', 'x')]
    (tmp_path / 'passwords').write_text('# the lab\nada:se:cret\n\nben: with spaces \n')
    assert read_passwords(tmp_path / 'passwords') == [('ada', 'se:cret'), ('ben', ' with spaces ')]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('ada:secret\nsecret', 'line 2: expected NAME:PASSWORD'),
        ('ada:', 'line 1: expected'),
        ('ada:1\nada:2', 'line 2: the name ada is listed twice'),
        ('# nobody', 'contains no line NAME:PASSWORD'),
    ],
)
def test_invalid_passwords_are_refused_and_not_shown(text, message, tmp_path):
    (tmp_path / 'passwords').write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_passwords(tmp_path / 'passwords')
    assert 'secret' not in str(caught.value)


def test_nothing_is_served_without_the_password(tmp_path):
    write_clip(tmp_path / 'clip.mp4')
    with (
        serving({'net': Network()}, [tmp_path / 'clip.mp4'], port=0, passwords=[('ada', 'secret')]) as (url, folder),
        httpx.Client(base_url=url) as http,
    ):
        upload = dict(files={'files': ('clip.mp4', b'0' * 100, 'video/mp4')})
        assert http.post('gradio_api/upload', **upload).status_code == 401
        assert files(folder) == []
        for path in ('config', 'gradio_api/info', f'gradio_api/file={tmp_path / "clip.mp4"}'):
            assert http.get(path).status_code == 401, path
        assert http.post('gradio_api/call/networks', json={'data': []}).status_code == 401
        assert 'clip.mp4' not in http.get('').text
        assert http.post('login', data={'username': 'ada', 'password': 'wrong'}).status_code == 400
        assert http.post('login', data={'username': 'ada', 'password': 'secret'}).status_code == 200
        assert http.get('config').status_code == 200
        assert http.post('gradio_api/upload', **upload).status_code == 200
