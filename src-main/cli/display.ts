/** @file Whether a window can be shown here. */
export function hasDisplay(
  platform: NodeJS.Platform = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  // Their desktops are always there; a remote shell says so.
  if (platform === 'win32' || platform === 'darwin') {
    return environment['SSH_CONNECTION'] === undefined;
  }
  return [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some(
    (display) => display !== undefined && display !== '',
  );
}
