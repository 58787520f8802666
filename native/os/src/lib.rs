//! The few system calls that Node lacks.
