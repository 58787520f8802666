/** @file What the command palette offers, from what is known now. */
import type { App } from '../lib/state/app.svelte.ts';
import { say } from '../lib/words/words.svelte.ts';
import type { Command } from './commands.ts';

const views = ['folders', 'activity', 'storage', 'network', 'kit', 'settings', 'about'] as const;
const HOUR_MS = 3_600_000;

export function commandsOf(app: App): readonly Command[] {
  const attempt = (work: Promise<unknown>) => {
    work.catch((error: unknown) => app.toasts.fail(error));
  };
  const folders = app.status.value?.folders ?? [];
  const here = folders.filter(({ isHere, removed }) => isHere && !removed);
  return [
    {
      id: 'sync',
      label: say('palette.sync'),
      run: () => attempt(app.api.startSync({})),
    },
    {
      id: 'add',
      label: say('action.add-folder'),
      run: () => app.router.go({ view: 'add-folder' }),
    },
    {
      id: 'restore',
      label: say('palette.go', { view: say('nav.restore') }),
      run: () =>
        app.router.go({ view: 'restore', folderId: undefined, snapshotId: undefined, paths: [] }),
    },
    ...views.map((view) => ({
      id: view,
      label: say('palette.go', { view: say(`nav.${view}`) }),
      run: () => app.router.go({ view }),
    })),
    ...folders.flatMap(({ folderId, name }) => [
      {
        id: `open-${folderId}`,
        label: say('palette.open-folder', { folder: name }),
        run: () =>
          app.router.go({
            view: 'folder',
            folderId,
            tab: 'files',
            snapshotId: undefined,
            path: '',
          }),
      },
      {
        id: `restore-${folderId}`,
        label: say('palette.restore-folder', { folder: name }),
        run: () => app.router.go({ view: 'restore', folderId, snapshotId: undefined, paths: [] }),
      },
    ]),
    ...here.map(({ folderId, name }) => ({
      id: `sync-${folderId}`,
      label: say('palette.sync-folder', { folder: name }),
      run: () => attempt(app.api.startSync({ folder: folderId })),
    })),
    app.status.value?.pause?.reason === 'asked'
      ? { id: 'resume', label: say('pause.resume'), run: () => attempt(app.api.resume({})) }
      : {
          id: 'pause',
          label: say('pause.hour'),
          run: () => attempt(app.api.pause({ untilMs: Date.now() + HOUR_MS })),
        },
    ...(['light', 'dark'] as const).map((theme) => ({
      id: theme,
      label: say(`palette.${theme}`),
      run: () => attempt(app.api.updateSettings({ theme })),
    })),
  ];
}
