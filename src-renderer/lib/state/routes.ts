/** @file The views and their addresses: what stands behind the `#` of the window's URL. */

export type Route =
  | { readonly view: 'folders' }
  | { readonly view: 'add-folder' }
  /** Without a folder it is chosen there. */
  | { readonly view: 'move'; readonly folderId: string | undefined }
  | {
      readonly view: 'folder';
      readonly folderId: string;
      readonly tab: FolderTab;
      readonly snapshotId: string | undefined;
      readonly path: string;
    }
  | { readonly view: 'activity' }
  | { readonly view: 'activity-pack'; readonly packId: string }
  | {
      readonly view: 'restore';
      readonly folderId: string | undefined;
      readonly snapshotId: string | undefined;
      /** Paths chosen elsewhere, to begin with. */
      readonly paths: readonly string[];
    }
  | { readonly view: 'restore-task'; readonly taskId: string }
  | { readonly view: 'storage' }
  | { readonly view: 'network' }
  | { readonly view: 'settings' }
  | { readonly view: 'kit' }
  | { readonly view: 'about' };

export const folderTabs = ['files', 'rules', 'schedule', 'details'] as const;
export type FolderTab = (typeof folderTabs)[number];

const plainViews = [
  'folders',
  'add-folder',
  'activity',
  'storage',
  'network',
  'settings',
  'kit',
  'about',
] as const;
type PlainView = (typeof plainViews)[number];

const isPlain = (name: string | undefined): name is PlainView =>
  plainViews.includes(name as PlainView);
const isTab = (name: string | undefined): name is FolderTab =>
  folderTabs.includes(name as FolderTab);

/** Read an address; anything unknown is the list of folders. */
export function parseRoute(hash: string): Route {
  const [pathText = '', queryText = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = pathText.split('/').map(decode);
  const query = new URLSearchParams(queryText);
  const [name, id, tab] = parts;
  if (name === 'folder' && id) {
    return {
      view: 'folder',
      folderId: id,
      tab: isTab(tab) ? tab : 'files',
      snapshotId: query.get('snapshot') ?? undefined,
      path: query.get('path') ?? '',
    };
  }
  if (name === 'move') return { view: 'move', folderId: id };
  if (name === 'activity' && id) return { view: 'activity-pack', packId: id };
  if (name === 'restore' && id) return { view: 'restore-task', taskId: id };
  if (name === 'restore') {
    return {
      view: 'restore',
      folderId: query.get('folder') ?? undefined,
      snapshotId: query.get('snapshot') ?? undefined,
      paths: query.getAll('path'),
    };
  }
  return isPlain(name) ? { view: name } : { view: 'folders' };
}

/** The address of a view, as a link's `href`. */
export function hrefOf(route: Route): string {
  switch (route.view) {
    case 'folder': {
      const tab = route.tab === 'files' ? '' : `/${route.tab}`;
      return `#/folder/${encodeURIComponent(route.folderId)}${tab}${queryOf([
        ['snapshot', route.snapshotId],
        ['path', route.path === '' ? undefined : route.path],
      ])}`;
    }
    case 'move':
      return route.folderId === undefined
        ? '#/move'
        : `#/move/${encodeURIComponent(route.folderId)}`;
    case 'activity-pack':
      return `#/activity/${encodeURIComponent(route.packId)}`;
    case 'restore-task':
      return `#/restore/${encodeURIComponent(route.taskId)}`;
    case 'restore':
      return `#/restore${queryOf([
        ['folder', route.folderId],
        ['snapshot', route.snapshotId],
        ...route.paths.map((path): [string, string] => ['path', path]),
      ])}`;
    default:
      return `#/${route.view}`;
  }
}

/** Where Esc leads: one level up, or nowhere. */
export function parentOf(route: Route): Route | undefined {
  switch (route.view) {
    case 'folder':
    case 'add-folder':
    case 'move':
      return { view: 'folders' };
    case 'activity-pack':
      return { view: 'activity' };
    case 'restore-task':
      return { view: 'restore', folderId: undefined, snapshotId: undefined, paths: [] };
    default:
      return undefined;
  }
}

/** The entry of the sidebar that a view belongs to. */
export function sectionOf(route: Route): PlainView | 'restore' {
  switch (route.view) {
    case 'folder':
    case 'add-folder':
    case 'move':
      return 'folders';
    case 'activity-pack':
      return 'activity';
    case 'restore-task':
      return 'restore';
    default:
      return route.view;
  }
}

function queryOf(pairs: readonly (readonly [string, string | undefined])[]): string {
  const query = new URLSearchParams();
  for (const [name, value] of pairs) if (value !== undefined) query.append(name, value);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
