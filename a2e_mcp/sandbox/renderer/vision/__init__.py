"""Computer vision: faces, people, objects and text, with small networks run by OpenCV."""
