#include "mnv4/recipe/schedule.h"
