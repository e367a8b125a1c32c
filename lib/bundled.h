/* bundled - which model a program runs when none is named. */
#ifndef BUNDLED_H
#define BUNDLED_H

/*
 * The model's path: `opt` (the argument of -m) if it is not NULL, else
 * $PIPELM_MODEL if set and not empty, else the bundled model, looked for
 * beside the running program (../examples/tiny.gguf in a build tree,
 * ../share/pipelm/tiny.gguf when installed). Malloced, never NULL: the caller
 * frees it. Ends the program when there is none.
 */
char *bundled_model(const char *opt);

#endif
