"""The rendering: camera, person, room and nuisances."""
