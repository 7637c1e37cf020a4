"""One participant's audio: samples on the leg's clock, and what they measure by frame, second and window."""
