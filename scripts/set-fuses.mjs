/**
 * @file Sets Electron's fuses in a packed app, before it is signed: what the binary itself refuses,
 * whatever its arguments and environment say. electron-builder calls it (`afterPack`).
 */
import { join } from 'node:path';
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses';

/** The first Electron that has the fuse for file: pages. */
const FILE_FUSE_MAJOR = 28;

/** Where each platform has its program. */
function programOf({ electronPlatformName, appOutDir, packager }) {
  const { productFilename } = packager.appInfo;
  if (electronPlatformName === 'darwin') return join(appOutDir, `${productFilename}.app`);
  if (electronPlatformName === 'win32') return join(appOutDir, `${productFilename}.exe`);
  return join(appOutDir, packager.executableName);
}

export default async function setFuses(context) {
  const major = Number.parseInt(context.packager.config.electronVersion, 10);
  await flipFuses(programOf(context), {
    version: FuseVersion.V1,
    resetAdHocDarwinSignature: context.electronPlatformName === 'darwin',
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    ...(major >= FILE_FUSE_MAJOR
      ? { [FuseV1Options.GrantFileProtocolExtraPrivileges]: false }
      : {}),
  });
}
