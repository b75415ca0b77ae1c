"""The contract as documents made from the code, and the pages that show them.

``openapi`` is REST, ``asyncapi`` the live channel; ``pages`` serves both. Imports the schemas of all features, and nothing that acts.
"""
