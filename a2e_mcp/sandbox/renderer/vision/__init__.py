"""What is seen in pictures: faces, people, objects, text; small networks that OpenCV runs."""
