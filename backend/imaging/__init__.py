"""The home of pixels: cv2, numpy, Pillow, MediaPipe, zxing-cpp."""
