import { installedServers, MAJORS } from '../servers.js';

const installed = await installedServers([]);

/** Majors that tests run on: 15 and 18, which come with plan-guard's packages, and what else is installed here. */
export const installedMajors = MAJORS.filter((major) => installed.some((server) => server.major === major));
