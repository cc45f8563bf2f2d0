"""Separating a person from what is behind, and putting one colour there instead.

Masks of the person say where the edge is about (``trimap``), the picture's colours say
how much of each pixel there is the person (``alpha``) and of which colour that part is
(``colours``). ``facts`` measures how well it went; ``change`` is the whole way.
"""
