/** @file Every word of the UI in one language; each area in a file of its own. */
import { activity } from './activity.ts';
import { folders } from './folders.ts';
import { frame } from './frame.ts';
import { firstRun } from './first-run.ts';
import { restore } from './restore.ts';
import { settings } from './settings.ts';
import { storage } from './storage.ts';

export const en = {
  ...activity,
  ...folders,
  ...frame,
  ...firstRun,
  ...restore,
  ...settings,
  ...storage,
};
