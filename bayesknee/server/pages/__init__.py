"""The pages of the server, for people: an interview, its result and report, and two patients side by side.

They work as plain forms; a script only makes them smoother. The case travels in the form: nothing of a patient is
written, logged or kept.
"""
