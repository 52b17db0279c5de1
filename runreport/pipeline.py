"""The whole story on one page: load -> read -> compute -> render -> site -> publish."""
