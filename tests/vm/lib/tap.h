/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TAP_H
#define TAP_H

/* Prints 'ok N - name' or 'not ok N - name'; the format goes before it. */
void tap(int ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A test that this kernel has not the means for; it does not count. */
void tap_skip(const char *why);
/* The exit status: 0 if everything was ok. */
int tap_status(void);
/* Ends the program, as 'not ok', when a system call that may not fail did. */
_Noreturn void die(const char *what);

#endif /* TAP_H */
