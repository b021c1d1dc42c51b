#!/bin/sh
# What a build finds as Git; see reproducible.rs. It knows when the last commit was made, and nothing else.
case "$1" in
log) echo 0 ;;
*) exit 1 ;;
esac
