"""The person: body, posture and movements."""
