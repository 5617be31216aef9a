an editor's own file;
