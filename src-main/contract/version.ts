/** @file Floe's own version, as package.json has it (a tidy test compares). */
export const VERSION = '0.1.0';
