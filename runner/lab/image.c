// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/image.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"
#include "runner/lab/needed.h"

struct image {
	struct archive *cpio;
	char **folders; /* that were written */
	size_t folder_count;
	int64_t inode;
	bool failed; /* and told */
};

static void fail(struct image *im, const char *path, const char *why)
{
	if (!im->failed)
		error("the guest's image: %s: %s", path, why);
	im->failed = true;
}

/* Owner, time and inode are fixed: the same source, the same bytes. */
static void add(struct image *im, const char *path, mode_t mode, dev_t device, const void *bytes,
		size_t size)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, path + 1); /* without the leading slash */
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, size);
	archive_entry_set_nlink(e, 1);
	archive_entry_set_ino64(e, ++im->inode);
	archive_entry_set_mtime(e, 0, 0);
	if (device)
		archive_entry_set_rdev(e, device);
	if (archive_write_header(im->cpio, e) != ARCHIVE_OK ||
	    (size && archive_write_data(im->cpio, bytes, size) != (la_ssize_t)size))
		fail(im, path, archive_error_string(im->cpio));
	archive_entry_free(e);
}

static void add_folder(struct image *im, const char *path)
{
	for (size_t i = 0; i < im->folder_count; i++) {
		if (!strcmp(im->folders[i], path))
			return;
	}
	array_grow(im->folders, im->folder_count);
	im->folders[im->folder_count++] = xstrdup(path);
	add(im, path, S_IFDIR | 0755, 0, NULL, 0);
}

/* The kernel's unpacker makes no folders by itself. */
static void add_parents(struct image *im, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *folder = strndup(path, slash - path);

		add_folder(im, folder);
		free(folder);
	}
}

static void add_text(struct image *im, const char *path, const char *text)
{
	add_parents(im, path);
	add(im, path, S_IFREG | 0644, 0, text, strlen(text));
}

static void add_file(struct image *im, const char *path, const char *host)
{
	int fd = open(host, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st)) {
		fail(im, host, strerror(errno));
		return;
	}
	map = st.st_size ? mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (map == MAP_FAILED) {
		fail(im, host, strerror(errno));
		return;
	}
	add_parents(im, path);
	add(im, path, S_IFREG | 0755, 0, map, st.st_size);
	if (map)
		munmap(map, st.st_size);
}

/* Has the plan a section of that name? */
static bool plan_names(const char *plan, const char *workload)
{
	char *section = xasprintf("[%s]", workload);
	const char *at = plan;

	while ((at = strstr(at, section)) && at != plan && at[-1] != '\n')
		at++;
	free(section);
	return at;
}

/*
 * The programs below a folder that the plan names, in the order of their names: each of the others
 * would be unpacked and asked for its description in every boot. `name` is that of the folder, with
 * a slash. Returns how many.
 */
static size_t add_programs(struct image *im, const struct image_source *source, const char *name)
{
	char *folder = xasprintf("%s/%s", source->workloads, name);
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	size_t found = 0;

	for (int i = 0; i < n; i++) {
		char *from = xasprintf("%s%s", folder, entries[i]->d_name);
		char *inside = xasprintf("%s%s", name, entries[i]->d_name);
		struct stat st;

		if (*entries[i]->d_name == '.' || stat(from, &st))
			st.st_mode = 0;
		if (S_ISDIR(st.st_mode)) {
			char *deeper = xasprintf("%s/", inside);

			found += add_programs(im, source, deeper);
			free(deeper);
		} else if (S_ISREG(st.st_mode) && plan_names(source->plan, inside)) {
			char *to = xasprintf("/workloads/%s", inside);

			add_file(im, to, from);
			free(to);
			found++;
		}
		free(from);
		free(inside);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(folder);
	return found;
}

static void add_libraries(struct image *im, const char *runner)
{
	struct needed n;

	if (needed_by(runner, &n))
		im->failed = true;
	for (size_t i = 0; !im->failed && i < n.count; i++)
		add_file(im, n.files[i].guest, n.files[i].host);
	needed_free(&n);
}

static void fill(struct image *im, const struct image_source *source)
{
	/* The first process's output goes to the console, and devtmpfs is not mounted yet. */
	add_folder(im, "/dev");
	add(im, "/dev/console", S_IFCHR | 0600, makedev(5, 1), NULL, 0);
	add(im, "/dev/null", S_IFCHR | 0666, makedev(1, 3), NULL, 0);
	add_file(im, "/init", source->runner);
	add_libraries(im, source->runner);
	if (!add_programs(im, source, ""))
		fail(im, source->workloads,
		     "none of the plan's workloads is there; build them with 'make guest'");
	add_text(im, "/plan.ini", source->plan);
	add_text(im, "/orders.json", source->orders);
	for (size_t i = 0; i < source->file_count; i++)
		add_text(im, source->files[i].path, source->files[i].text);
}

int image_build(const struct image_source *source, size_t *bytes)
{
	struct image im = { .cpio = archive_write_new() };
	int fd = memfd_create("rmapbench-initramfs", MFD_CLOEXEC);

	if (fd < 0) {
		error("the guest's image: memfd_create: %s", strerror(errno));
		archive_write_free(im.cpio);
		return -1;
	}
	archive_write_set_format_cpio_newc(im.cpio);
	if (archive_write_open_fd(im.cpio, fd) != ARCHIVE_OK)
		fail(&im, "memory file", archive_error_string(im.cpio));
	else
		fill(&im, source);
	if (archive_write_close(im.cpio) != ARCHIVE_OK)
		fail(&im, "memory file", archive_error_string(im.cpio));
	archive_write_free(im.cpio);
	for (size_t i = 0; i < im.folder_count; i++)
		free(im.folders[i]);
	free(im.folders);
	*bytes = lseek(fd, 0, SEEK_END);
	if (!im.failed)
		return fd;
	close(fd);
	return -1;
}
