"""Reading, decoding and writing of video files, independent of any dataset."""
