"""Vectors, rotations and two-bone inverse kinematics over the frames of a clip.

Axes: x to the right of the image, y up, z towards the camera. The person faces +z, so the person's left is +x.
Lengths are in metres, angles in radians.
"""

import numpy as np


def unit(vectors):
    """Scale vectors, shape (..., 3), to length one."""
    return vectors / np.maximum(np.sqrt((vectors * vectors).sum(-1, keepdims=True)), 1e-9)


def rotation(yaw=0.0, pitch=0.0, roll=0.0):
    """Rotation matrices that roll, then pitch, then yaw.

    Args:
        yaw (array): Turn to the person's left, shape (...).
        pitch (array): Turn forward and down, shape (...).
        roll (array): Lean to the person's right, shape (...).

    Returns:
        np.ndarray: Matrices of shape (..., 3, 3).
    """
    yaw, pitch, roll = np.broadcast_arrays(yaw, pitch, roll)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    rows = (
        (cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (-sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotate(matrices, vectors):
    """Apply matrices, shape (..., 3, 3), to vectors, shape (..., 3)."""
    return np.einsum('...ij,...j->...i', matrices, vectors)


def frame_along(axis, up):
    """Rotation matrices whose third column is `axis` and whose second is as close to `up` as it can be.

    Args:
        axis (np.ndarray): Shape (..., 3), any length.
        up (np.ndarray): Shape (..., 3), any length.

    Returns:
        np.ndarray: Matrices of shape (..., 3, 3).
    """
    z = unit(axis)
    x = unit(np.cross(np.broadcast_to(up, z.shape), z))
    return np.stack([x, np.cross(z, x), z], -1)


def blend_directions(first, second, weight):
    """Unit vectors between two directions, shape (..., 3); `weight` of shape (...) is 0 at the first, 1 at the second."""
    return unit(first + weight[..., None] * (second - first))


def two_bone_ik(root, target, pole, upper, lower):
    """Bend a two-bone limb so that its end is at the target, or as close as its length allows.

    Args:
        root (np.ndarray): Shoulder or hip, shape (T, 3).
        target (np.ndarray): Where the wrist or ankle should be, shape (T, 3).
        pole (np.ndarray): Direction the elbow or knee bends to, shape (T, 3).
        upper (float): Length of the upper bone.
        lower (float): Length of the lower bone.

    Returns:
        tuple[np.ndarray, np.ndarray]: Middle joint and end of the limb, each of shape (T, 3).
    """
    axis = unit(target - root)
    reach = np.sqrt(((target - root) ** 2).sum(-1, keepdims=True))
    # A limb never straightens nor folds completely: at the limits the elbow would jump.
    reach = np.clip(reach, abs(upper - lower) + 0.02, 0.998 * (upper + lower))
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    away = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    side = unit(pole - (pole * axis).sum(-1, keepdims=True) * axis)
    return root + along * axis + away * side, root + reach * axis
