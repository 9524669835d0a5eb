"""Result files to a judged, ranked board."""
