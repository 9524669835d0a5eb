"""An entry and its field come in; what may be said of a model beside its figures goes out."""
