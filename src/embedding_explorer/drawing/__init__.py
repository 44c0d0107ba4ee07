"""Pictures of whole maps, drawn by numpy and Pillow: the page's view, where no page can be."""
