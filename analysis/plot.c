// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rmapbench plot: pictures of one result or several, as files and in the terminal.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "analysis/options.h"
#include "analysis/pictures.h"

enum { COLUMNS = 75, LINES = 20 };

static int plot_main(int argc, char **argv);

COMMAND(plot) = {
	.name = "plot",
	.usage = "[OPTION]... BASE [NEW...]",
	.summary = "Draws sweeps, distributions and slab use, as PNG and SVG and in the terminal.",
	.help = "  BASE, NEW           each a label, a folder or a record file\n"
		"  --out DIR           where the pictures go; default plots\n"
		"  --ascii             print to the terminal only, write no files\n"
		"  --quiet             write files only\n"
		"  --only PATTERN      workloads that match, such as 'fork/*'\n"
		"  --results DIR       where labels are looked up; default results\n",
	.order = 32,
	.main = plot_main,
};

struct options {
	const char *out, *root, *only;
	bool ascii, quiet;
};

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "results", required_argument, NULL, 'r' },
		{ "only", required_argument, NULL, 'n' },
		{ "ascii", no_argument, NULL, 'a' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'o':
			o->out = optarg;
			break;
		case 'r':
			o->root = optarg;
			break;
		case 'n':
			o->only = optarg;
			break;
		case 'a':
			o->ascii = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		default:
			return command_usage(&plot);
		}
	}
	if (o->ascii && o->quiet) {
		error("--ascii and --quiet together leave nothing to do; give one of them");
		return STATUS_USAGE;
	}
	if (optind == argc) {
		error("plot needs a result: a label, a folder or a record file");
		return command_usage(&plot);
	}
	return STATUS_DONE;
}

static int failed(char *why)
{
	if (!why)
		return STATUS_DONE;
	error("%s", why);
	free(why);
	return STATUS_FAILED;
}

static int print_all(const struct picture *p, size_t count)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < count && !status; i++) {
		if (p[i].main)
			status = failed(picture_print(&p[i], stdout, COLUMNS, LINES));
		if (p[i].main)
			printf("\n");
	}
	return status;
}

static int write_all(const struct picture *p, size_t count, const char *folder)
{
	int status = STATUS_FAILED;

	if (make_folder(folder))
		status = failed(pictures_write(p, count, folder));
	for (size_t i = 0; i < count && !status; i++)
		printf("%s/%s.png\n%s/%s.svg\n", folder, p[i].name, folder, p[i].name);
	return status;
}

static int plot_main(int argc, char **argv)
{
	struct options o = { .out = "plots", .root = "results" };
	struct results **results;
	struct picture *p;
	size_t count, pictures;
	int status = parse(argc, argv, &o);

	if (status)
		return status;
	results = load_all(argv + optind, argc - optind, o.root, &count, &status);
	if (!results)
		return status;
	p = pictures_of(results, count, o.only, &pictures);
	if (!pictures) {
		error("nothing to plot: no workload%s%s has a figure that counts; 'rmapbench list' "
		      "names "
		      "them",
		      o.only ? " that matches " : "", o.only ? o.only : "");
		status = STATUS_FAILED;
	}
	if (!status && !o.quiet)
		status = print_all(p, pictures);
	if (!status && !o.ascii)
		status = write_all(p, pictures, o.out);
	pictures_free(p, pictures);
	free_all(results, count);
	return status;
}
