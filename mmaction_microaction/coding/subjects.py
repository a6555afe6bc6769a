"""Names of the people in the study, as users write them: ``left=P1, right=P2``."""

import re

_MAX_NAME = 100


def parse_subjects(text: str, allow_one_name: bool = False) -> dict[str, str]:
    """Parse the names of the people in the study.

    Args:
        text (str): Names such as ``left=P1, right=P2``, separated by commas, semicolons or ends of lines.
        allow_one_name (bool): Whether a name may stand alone, for the only person in a recording. Defaults to False.

    Returns:
        dict[str, str]: Names in the study by those of the person finder: ``left`` and ``right``, numbers, or
        ``unknown``. The only person in a recording has the name ``''``.

    Raises:
        ValueError: If the text has another form, or a name occurs twice.

    Examples:
        >>> parse_subjects('left=P1, right=P2')
        {'left': 'P1', 'right': 'P2'}
        >>> parse_subjects('P1', allow_one_name=True)
        {'': 'P1'}
    """
    subjects = {}
    for part in filter(None, map(str.strip, re.split('[,;\n]', text))):
        person, equals, subject = map(str.strip, part.partition('='))
        if allow_one_name and not equals:
            person, subject = '', part
        elif not subject or not (person in ('left', 'right', 'unknown') or person.isdecimal()):
            raise ValueError(f'{part:.60}: expected names such as left=P1,right=P2 or 1=P1,2=P2')
        if len(subject) > _MAX_NAME:
            raise ValueError(f'{part:.60}: a name has at most {_MAX_NAME} characters')
        if person in subjects:
            raise ValueError(f'{text:.60}: {person or "the only person"} is named twice')
        subjects[person] = subject
    if len(set(subjects.values())) < len(subjects):
        raise ValueError(f'{text:.60}: two people have the same name')
    return subjects
