// SPDX-License-Identifier: GPL-2.0-or-later
#include "analysis/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"

extern char **environ;

void pictures_free(struct picture *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(p[i].name);
		free(p[i].workload);
		free(p[i].title);
		free(p[i].subtitle);
		free(p[i].settings);
		free(p[i].plot);
		free(p[i].plot_ascii);
	}
	free(p);
}

char *gnuplot_quote(const char *text)
{
	char *quoted = xcalloc(2 * strlen(text) + 3, 1), *to = quoted;

	*to++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			*to++ = '\'';
		*to++ = *text == '\n' || *text == '\r' ? ' ' : *text;
	}
	*to = '\'';
	return quoted;
}

/* ------------------------------------------------------------- the process */

static char *first_line_of(FILE *f)
{
	char line[512] = "";

	rewind(f);
	while (fgets(line, sizeof(line), f) && strspn(line, " \t\n^") == strlen(line))
		;
	line[strcspn(line, "\n")] = '\0';
	return xstrdup(*line ? line : "no message");
}

static char *feed(int fd, const char *script, size_t length)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	char *why = NULL;

	sigaction(SIGPIPE, &ignore, &old); /* its exit status says more than our death */
	while (length) {
		ssize_t n = write(fd, script, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			why = xasprintf("gnuplot stopped reading: %s", strerror(errno));
			break;
		}
		script += n;
		length -= n;
	}
	sigaction(SIGPIPE, &old, NULL);
	return why;
}

/* Starts gnuplot with its standard output on `out`; *in is the other end of its standard input. */
static int start(pid_t *pid, int *in, int out, int err)
{
	char *const argv[] = { "gnuplot", "-d", "-", NULL };
	posix_spawn_file_actions_t files;
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC))
		return errno;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	code = posix_spawnp(pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(ends[0]);
	*in = ends[1];
	if (code)
		close(ends[1]);
	return code;
}

/* Runs a script. Returns NULL, or why it failed. */
static char *gnuplot(const char *script, size_t length, int out)
{
	FILE *messages = tmpfile();
	int in = -1, code, status;
	char *why, *said;
	pid_t pid;

	if (!messages)
		return xasprintf("cannot make a temporary file: %s", strerror(errno));
	code = start(&pid, &in, out, fileno(messages));
	if (code) {
		fclose(messages);
		return xasprintf("cannot start gnuplot: %s; 'make deps' installs it",
				 strerror(code));
	}
	why = feed(in, script, length);
	close(in);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		said = first_line_of(messages);
		free(why);
		why = xasprintf("gnuplot failed: %s", said);
		free(said);
	}
	fclose(messages);
	return why;
}

/* --------------------------------------------------------------- the scripts */

/*
 * Okabe and Ito's palette, which people with any colour vision can tell apart; points and dashes
 * differ too, for print.
 */
static const char styles[] = "set style line 1 lc rgb '#0072B2' lw 2 pt 7 ps 1\n"
			     "set style line 2 lc rgb '#D55E00' lw 2 pt 5 ps 1 dt 2\n"
			     "set style line 3 lc rgb '#009E73' lw 2 pt 9 ps 1.2 dt 4\n"
			     "set style line 4 lc rgb '#CC79A7' lw 2 pt 11 ps 1.2 dt 5\n"
			     "set style line 5 lc rgb '#E69F00' lw 2 pt 13 ps 1.2 dt 3\n"
			     "set style line 6 lc rgb '#56B4E9' lw 2 pt 4 ps 1\n"
			     "set style line 9 lc rgb '#404040' lw 1.5 pt 6 ps 2\n"
			     "set border 3\n"
			     "set tics nomirror\n"
			     "set grid ytics lc rgb '#d0d0d0' lw 1 dt 1\n"
			     "set xlabel offset 0,0.6\n"
			     "set key below center horizontal Left reverse\n";

static void put_picture(FILE *script, const struct picture *p, const char *plot)
{
	char *title = gnuplot_quote(p->title), *lines = xstrdup(p->subtitle), *rest = lines;

	fprintf(script, "set title %s", title);
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *quoted = gnuplot_quote(line);

		fprintf(script, ".\"\\n\".%s", quoted);
		free(quoted);
	}
	fprintf(script, "\n%s\n%s\n", p->settings, plot);
	free(lines);
	free(title);
}

static void put_file(FILE *script, const struct picture *p, const char *terminal, const char *part)
{
	char *path = gnuplot_quote(part);

	fprintf(script, "reset session\n%s\nset output %s\n%s", terminal, path, styles);
	put_picture(script, p, p->plot);
	fprintf(script, "set output\n");
	free(path);
}

static const struct {
	const char *extension, *terminal;
} files[] = {
	/* Drawn at twice the size, so that it is sharp, and its text legible, at 600 pixels. */
	{ "png", "set terminal pngcairo noenhanced size 1200,800 font 'DejaVu Sans,20' linewidth 2 "
		 "pointscale 1.8" },
	{ "svg",
	  "set terminal svg noenhanced size 600,400 dynamic font 'DejaVu Sans,11' background "
	  "'#ffffff'" },
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

static char *path_of(const struct picture *p, const char *folder, int file, const char *suffix)
{
	return xasprintf("%s/%s.%s%s", folder, p->name, files[file].extension, suffix);
}

/* Gives the finished files their names, or (with `drop`) removes what there is of them. */
static char *finish(const struct picture *p, size_t count, const char *folder, bool drop)
{
	char *why = NULL;

	for (size_t i = 0; i < count * FILES; i++) {
		char *path = path_of(&p[i / FILES], folder, i % FILES, "");
		char *part = path_of(&p[i / FILES], folder, i % FILES, ".part");

		if (drop)
			unlink(part);
		else if (!why && rename(part, path))
			why = xasprintf("cannot write '%s': %s", path, strerror(errno));
		free(path);
		free(part);
	}
	return why;
}

char *pictures_write(const struct picture *p, size_t count, const char *folder)
{
	char *script = NULL, *why;
	size_t length;
	FILE *f = open_memstream(&script, &length);

	if (!f)
		return xasprintf("cannot make a script: %s", strerror(errno));
	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < FILES; k++) {
			char *part = path_of(&p[i], folder, k, ".part");

			put_file(f, &p[i], files[k].terminal, part);
			free(part);
		}
	}
	fclose(f);
	why = gnuplot(script, length, STDERR_FILENO);
	free(script);
	if (!why)
		why = finish(p, count, folder, false);
	if (why)
		finish(p, count, folder, true);
	return why;
}

char *pictures_svg(const struct picture *p, size_t count, FILE *to)
{
	char *script = NULL, *why;
	size_t length;
	FILE *f = open_memstream(&script, &length);

	if (!f)
		return xasprintf("cannot make a script: %s", strerror(errno));
	for (size_t i = 0; i < count; i++) {
		fprintf(f,
			"reset session\nset terminal svg noenhanced size 480,360 dynamic font "
			"'DejaVu Sans,11'\n%s",
			styles);
		put_picture(f, &p[i], p[i].plot);
	}
	fclose(f);
	fflush(to);
	why = gnuplot(script, length, fileno(to));
	free(script);
	return why;
}

/* Copies what gnuplot drew without the blanks around it. */
static void copy_trimmed(FILE *from, FILE *to)
{
	char line[1024];
	bool started = false;
	size_t blank = 0;

	rewind(from);
	while (fgets(line, sizeof(line), from)) {
		size_t length = strlen(line);

		while (length && strchr(" \n\f", line[length - 1]))
			line[--length] = '\0';
		if (!length) {
			blank++;
			continue;
		}
		for (; started && blank; blank--)
			fputc('\n', to);
		fprintf(to, "%s\n", line);
		started = true;
		blank = 0;
	}
}

char *picture_print(const struct picture *p, FILE *to, int columns, int lines)
{
	char *script = NULL, *why;
	size_t length;
	FILE *f = open_memstream(&script, &length), *drawn = tmpfile();

	if (!f || !drawn)
		return xasprintf("cannot make a temporary file: %s", strerror(errno));
	fprintf(f, "set terminal dumb noenhanced size %d,%d\nset key below\nset tics nomirror\n",
		columns, lines);
	put_picture(f, p, p->plot_ascii);
	fclose(f);
	why = gnuplot(script, length, fileno(drawn));
	if (!why)
		copy_trimmed(drawn, to);
	fclose(drawn);
	free(script);
	return why;
}
