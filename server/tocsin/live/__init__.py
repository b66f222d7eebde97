"""What changes while somebody looks: announcements, versions watched, and one watcher for each communication."""
