/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws pictures with gnuplot, which runs as a child and reads its commands from a pipe.
 */
#ifndef RMAPBENCH_GNUPLOT_H
#define RMAPBENCH_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct picture {
	char *name;		/* of its file, without extension */
	char *workload;		/* what it is about */
	char *title, *subtitle; /* the second in lines */
	char *settings;		/* gnuplot commands: axes, labels, data blocks */
	char *plot;		/* its plot command */
	char *plot_ascii;	/* the same for the terminal, without intervals */
	bool main;		/* worth a place in the terminal */
};

void pictures_free(struct picture *p, size_t count);

/* Text as gnuplot quotes it, in which nothing is substituted. The caller frees. */
char *gnuplot_quote(const char *text);

/*
 * Writes <folder>/<name>.png and .svg for each picture; all or none of them. Returns NULL, or why
 * not (the caller frees it).
 */
char *pictures_write(const struct picture *p, size_t count, const char *folder);

/*
 * Writes the pictures to `to`, one SVG document after another, small enough for a phone. Returns
 * NULL, or why not (the caller frees it).
 */
char *pictures_svg(const struct picture *p, size_t count, FILE *to);

/*
 * Prints a picture in plain ASCII, at most `columns` wide and about `lines` high. Returns NULL, or
 * why not (the caller frees it).
 */
char *picture_print(const struct picture *p, FILE *to, int columns, int lines);

#endif
