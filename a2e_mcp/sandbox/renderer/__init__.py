"""The renderers of all pictures, clips and sounds; imported by the render worker only."""
