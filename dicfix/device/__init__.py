"""A virtual DIC device: the five applications of the firmware as pure logic, and a board made of them.

``applications`` and ``board`` know nothing of a network; ``virtual`` runs a board over ``dicfix.mqtt``.
"""
