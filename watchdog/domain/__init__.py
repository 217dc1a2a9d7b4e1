"""All nouns of the house: frozen values that know nothing of files, networks, databases or clocks."""
